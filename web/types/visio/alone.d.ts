/**
 * One tab at a time.
 *
 * Where the browser has no locks (a page that did not come by https), every tab may.
 */
export class Alone {
    /**
     * @param {string} name of what only one tab may have
     * @param {() => void} lost another tab has taken it
     */
    constructor(name: string, lost: () => void);
    /**
     * Have it until it is released or taken.
     * @param {{ steal: boolean }} how `steal` takes it from whichever tab has it
     * @returns {Promise<boolean>} false where another tab has it
     */
    take({ steal }: {
        steal: boolean;
    }): Promise<boolean>;
    release(): void;
    #private;
}
