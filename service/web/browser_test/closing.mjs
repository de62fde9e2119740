// A month is closed by its checklist, with the keyboard alone: one person looks at
// every point, explains what stays open and asks; another agrees.
import { Failures, withBrowser } from "./browser.mjs";
import { person } from "./hands.mjs";

const [, , base, ...links] = process.argv;
const failures = new Failures();
const phone = { name: "on a phone", viewport: { width: 320, height: 700 } };
const desk = { name: "at a desk", viewport: { width: 1280, height: 800 } };

await withBrowser(async (open) => {
  const maker = await person(open, desk, base, links[0], failures);
  const checker = await person(open, phone, base, links[1], failures);
  const month = "/p/riverbend/periods/2026-09";

  await maker.go("/p/riverbend/periods");
  await maker.says("the month to close", "Checklist for September 2026");
  await maker.sound("the month to close");
  await maker.go("/p/riverbend/books");
  await maker.press("form[action$='/verify'] button");
  await maker.says("verified", "The books are sound");
  for (let n = 0; n < 12; n++) {
    await maker.go(month);
    if ((await maker.page.locator("form[action$='/explain']").count()) === 0) break;
    if (n === 0) {
      await maker.press("form[action$='/explain'] button");
      await maker.says("explained with nothing", "Please check this page");
    }
    await maker.type("#note", "Looked at on October 5.");
    await maker.press("form[action$='/explain'] button");
  }
  await maker.says("every point", "Looked at on October 5.");
  await maker.press("form[action$='/close'] button");
  await maker.says("asked for no reason", "Please check this page");
  await maker.type("#reason", "September is settled.");
  await maker.press("form[action$='/close'] button");
  await maker.says("asked", "You asked for this", "September is settled.");
  const request = maker.path();

  await checker.go("/approvals");
  await checker.press(`main a[href='${request}']`);
  await checker.says("the request", "Closing of a month", "Trial balance");
  await checker.sound("the request");
  await checker.key("a");
  await Promise.all([checker.page.waitForNavigation(), checker.page.keyboard.press("Enter")]);
  await checker.says("agreed", "It was approved and done.");
  await maker.go(month);
  await maker.says("closed", "This month is closed", "September is settled.");
  await maker.close();
  await checker.close();
});
failures.end();
