// Somebody signs in for the first time with a link, makes a passkey, signs in
// with nothing else, shows it again after five minutes in the middle of a form,
// and removes it. The authenticator is Chromium's own virtual one. Without
// JavaScript none of its buttons shows.
import { Failures, withBrowser } from "./browser.mjs";

const [, , base, link, later] = process.argv;
const failures = new Failures();

await withBrowser(async (open) => {
  const { context, page } = await open({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(15000);
  page.on("console", (m) => {
    if (m.type() === "error" && !/40[03]|422/.test(m.text())) failures.add(page.url(), m.text());
  });
  const cdp = await context.newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  const says = async (where, words) => {
    const text = await page.textContent("main");
    if (!text.includes(words)) failures.add(where, `does not say ${words}: ${text.slice(0, 300)}`);
  };
  const press = (selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);
  const signOut = async () => {
    await press("form[action='/sign-out'] button");
    await page.waitForURL("**/sign-in**");
  };
  const passkey = async (form) => {
    await page.waitForSelector(`${form} [data-passkey]:not([hidden])`);
    await Promise.all([page.waitForNavigation(), page.click(`${form} [data-passkey] button`)]);
  };

  await page.goto(base + link);
  await press("main button[type=submit]");
  await page.goto(`${base}/help`);
  if (!page.url().includes("/account/app")) failures.add("first visit", `leads to ${page.url()}`);
  await page.fill("#name", "Test key");
  await passkey("form[action='/account/passkeys']");
  await says("made", "The passkey is set up");
  const { credentials } = await cdp.send("WebAuthn.getCredentials", { authenticatorId });
  if (credentials.length !== 1 || !credentials[0].isResidentCredential) failures.add("made", `${credentials.length} passkeys`);

  await signOut();
  await passkey("form[action='/sign-in/passkey']");
  if (!(await page.textContent("header")).includes("Rosa Delgado")) failures.add("signed in", "as nobody");

  // Somebody else's finger opens nothing.
  await signOut();
  await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await page.waitForSelector("[data-passkey]:not([hidden])");
  await page.click("[data-passkey] button");
  await page.waitForFunction(() => document.querySelector("[data-passkey] [role=status]").textContent !== "");
  await says("another's finger", "No passkey answered");
  await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
  await page.reload();
  await passkey("form[action='/sign-in/passkey']");

  // Six minutes later, in the middle of a form.
  await page.goto(`${base}/staff/new`);
  await page.fill("#name", "Luis Ortega");
  await page.fill("#email", "luis@riverbend.test");
  await page.click("label[for=roles-support]");
  await page.fill("#reason", "Answers families");
  await page.request.get(base + later);
  await press("form[action='/staff'] button[type=submit]");
  await says("the second step", "still you");
  await passkey("main form");
  await says("carried on", "Another person decides");
  await says("carried on", "Answers families");

  await page.goto(`${base}/account/security`);
  await says("the list", "Test key");
  await press("form[action='/account/passkeys/remove'] button");
  await says("removed", "The passkey is removed");
  await signOut();
  await passkey("form[action='/sign-in/passkey']");
  await says("a removed one", "This passkey did not sign you in");
  await context.close();

  const plain = await open({ javaScriptEnabled: false });
  await plain.page.goto(`${base}/sign-in`);
  if (await plain.page.isVisible("[data-passkey] button")) failures.add("without JavaScript", "a button that does nothing");
  if (!(await plain.page.isVisible("#password"))) failures.add("without JavaScript", "no password");
  await plain.context.close();
});
failures.end();
