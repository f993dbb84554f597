/**
 * What a browser remembers between visits, if it may: a choice, never a secret.
 *
 * @param {string} name
 * @returns {{ read(): any, write(value: any): void }}
 */
export function memory(name) {
  const key = `visio-${name}`;
  return {
    read() {
      try {
        return JSON.parse(localStorage.getItem(key) ?? "null");
      } catch {
        return null; // blocked, or not ours
      }
    },
    write(value) {
      try {
        localStorage.setItem(key, JSON.stringify(value));
      } catch {
        // blocked or full: it is asked again next time
      }
    },
  };
}
