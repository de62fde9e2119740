// Our own script: small helps for who has JavaScript. Every page works without.
(() => {
  "use strict";
  // htmx turns our own server's answers into markup; nothing else may.
  const trusted = window.trustedTypes
    ? trustedTypes.createPolicy("seedbook", { createHTML: (s) => s })
    : { createHTML: (s) => s };
  if (window.htmx) {
    htmx.registerExtension("seedbook", { init: (api) => api.initSecurity(trusted) });
  }
  document.addEventListener("DOMContentLoaded", () => {
    const errors = document.getElementById("errors");
    if (errors) errors.focus();
  });
  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (e) => {
    if (e.target.dataset.sent) e.preventDefault();
    e.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
})();
