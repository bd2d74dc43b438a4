/* What the server says about time, kinds and colours, as the page uses it. */
(function (G) {
  "use strict";

  G.readNumbers = function (told) {
    return told;
  };
  G.pictureFields = (seen) => seen;
})((window.gridpatrol = window.gridpatrol || {}));
