// Every key stands in both languages; a function takes the facts that its words speak of.

export default {
  loading: "Chargement…",
  "problem.other": "Cela n’a pas marché ({code}).",
};
