// Passkeys, where the browser knows them. Without this script their buttons stay
// hidden, and passwords and codes do.
(() => {
  "use strict";
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) return;
  const credentials = {
    get: (o) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(o) }),
    create: (o) => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(o) }),
  };
  const prepare = (box) => {
    const field = box.querySelector("input");
    const says = box.querySelector("[role=status]");
    box.querySelector("button").addEventListener("click", async (e) => {
      e.preventDefault(); // the form is sent with the answer
      says.textContent = "";
      try {
        const answer = await credentials[box.dataset.passkey](JSON.parse(box.dataset.options));
        field.value = JSON.stringify(answer.toJSON());
      } catch {
        says.textContent = box.dataset.failed; // nobody answered, or not in time
        return;
      }
      field.form.requestSubmit();
    });
    box.hidden = false;
  };
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-passkey]").forEach(prepare));
})();
