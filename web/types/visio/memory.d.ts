/**
 * What a browser remembers between visits, if it may: a choice, never a secret.
 *
 * @param {string} name
 * @returns {{ read(): any, write(value: any): void }}
 */
export function memory(name: string): {
    read(): any;
    write(value: any): void;
};
