// A family that opts out and a child that died, with the keyboard alone: what it
// does is looked at first, who writes to families has one letter less the same
// minute, and the money waits for another person.
import { Failures, withBrowser } from "./browser.mjs";
import { person } from "./hands.mjs";

const [, , base, ...links] = process.argv;
const failures = new Failures();
const phone = { name: "on a phone", viewport: { width: 320, height: 700 } };
const desk = { name: "at a desk", viewport: { width: 1280, height: 800 } };

await withBrowser(async (open) => {
  const maker = await person(open, phone, base, links[0], failures);
  const checker = await person(open, desk, base, links[1], failures);

  // letters says how many letters would be made to all who read English.
  const letters = async () => {
    await maker.go("/p/riverbend/letters");
    await maker.tick("#everybody");
    await maker.press("main form[method=get] button");
    return Number((await maker.page.textContent("main h2")).replace(/\D/g, ""));
  };
  await maker.go("/p/riverbend/children?about=saving&language=en");
  const [first, second] = await maker.page.$$eval("main table th a", (all) => all.map((a) => new URL(a.href).pathname));
  const before = await letters();

  await maker.go(first);
  await maker.press(`a[href='${first}/do/opt_out']`);
  await maker.press("main form button[type=submit]");
  await maker.says("for no reason", "Please check this page");
  await maker.type("#why", "The mother called.");
  await maker.press("main form button[type=submit]");
  await maker.says("what an opt-out does", "What would come of it", "Money that leaves the account", "Letters, statements and codes stop today", "waits for another person");
  await maker.sound("what an opt-out does");
  if ((await letters()) !== before) failures.add(maker.at("a look"), "it changed who is written to");
  await maker.go(first);
  await maker.press(`a[href='${first}/do/opt_out']`);
  await maker.type("#why", "The mother called.");
  await maker.press("main form button[type=submit]");
  await maker.press("main form button[type=submit]");
  await maker.says("opted out", "The family opted out.", "You asked for this");
  const request = maker.path();
  if ((await letters()) !== before - 1) failures.add(maker.at("opted out"), "the family is still written to");

  await checker.go("/approvals");
  await checker.press(`main a[href='${request}']`);
  await checker.says("the request", "Leaves the account");
  await checker.key("a");
  await Promise.all([checker.page.waitForNavigation(), checker.page.keyboard.press("Enter")]);
  await checker.says("agreed", "It was approved and done.");

  await maker.go(second);
  await maker.press(`a[href='${second}/do/death']`);
  await maker.type("#why", "Certificate seen.");
  await maker.press("main form button[type=submit]");
  await maker.says("what a death does", "What would come of it", "Letters, statements and codes stop at once, and the account is on hold.");
  await maker.press("main form button[type=submit]");
  if (maker.path() !== second) await maker.go(second);
  await maker.says("died", "On hold: hold after a death", "Died");
  if ((await letters()) !== before - 2) failures.add(maker.at("died"), "the family is still written to");
  await maker.go(`${second}/do/transfer`);
  await maker.says("after a death", "This cannot be done now");
  await maker.close();
  await checker.close();
});
failures.end();
