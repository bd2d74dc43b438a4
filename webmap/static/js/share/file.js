// A view of several communities as a file: it takes seconds, and the page stays.

import { takeFrom } from "../taking.js";

takeFrom(document.querySelectorAll("a[data-file]"), document.querySelector(".making"));
