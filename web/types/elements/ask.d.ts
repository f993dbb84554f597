/**
 * Ask in a dialog. The focus goes there, stays there, and comes back.
 * @param {Question} question
 * @returns {Promise<Answer | null>} null where it was called off
 */
export function ask(question: Question): Promise<Answer | null>;
/**
 * A question that needs a few words before something is done.
 */
export type Question = {
    title: string;
    /**
     * what it will lead to
     */
    text?: string | undefined;
    /**
     * of the field; without one, only yes or no is asked
     */
    label?: string | undefined;
    required?: boolean | undefined;
    maxLength?: number | undefined;
    /**
     * what the field holds at first
     */
    value?: string | undefined;
    choice?: {
        label: string;
        options: {
            value: string;
            label: string;
        }[];
    } | undefined;
    /**
     * the button that does it
     */
    confirm: string;
    danger?: boolean | undefined;
};
/**
 * A question that needs a few words before something is done.
 */
export type Answer = {
    words: string;
    choice: string;
};
