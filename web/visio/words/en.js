/** @type {import("../words.js").Catalogue} */
export default {
  loading: "Loading…",
  "problem.other": "That did not work ({code}).",
};
