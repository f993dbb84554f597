export * from "../../visio/api.js";
