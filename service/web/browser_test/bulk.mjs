// Five thousand children at once, with the keyboard alone: two are chosen with x,
// then all that match, what it would do is looked at, another person agrees, its
// progress is watched at its own address, it is stopped and gone on with, and
// taken back with a reason.
import { Failures, withBrowser } from "./browser.mjs";
import { person } from "./hands.mjs";

const [, , base, ...links] = process.argv;
const failures = new Failures();
const way = { name: "on a phone", viewport: { width: 320, height: 700 } };

await withBrowser(async (open) => {
  const maker = await person(open, way, base, links[0], failures);
  const checker = await person(open, { name: "at a desk", viewport: { width: 1280, height: 800 } }, base, links[1], failures);

  await maker.go("/p/riverbend/children");
  await maker.key("j");
  await maker.page.keyboard.press("x");
  await maker.page.keyboard.press("j");
  await maker.page.keyboard.press("x");
  await maker.says("the list", "Chosen: 2");
  await maker.key("b");
  await Promise.all([maker.page.waitForNavigation(), maker.page.keyboard.press("Enter")]);
  await maker.says("two are chosen", "2 children were chosen", "children match the list’s filters");
  const bulk = maker.path();
  await maker.press("form[action$='/all'] button");
  await maker.says("all are chosen", "children that match were chosen");
  await maker.press("a[href$='?do=consent']");
  await maker.reach("#what");
  await maker.page.keyboard.type("Photo");
  await maker.press("form[action$='/order'] button");
  await maker.says("what it would do", "Would be done", "Another person has to agree");
  await maker.sound("what it would do");
  const total = Number((await maker.page.textContent(".sb-figure--major dd")).replace(/\D/g, ""));
  if (total < 5000) failures.add(maker.at("what it would do"), `it is for ${total} children`);
  await maker.key("a");
  await maker.press("form[action$='/ask'] button");
  await maker.says("asked for no reason", "Please check this page");
  await maker.type("#reason", "The forms came back signed.");
  await maker.press("form[action$='/ask'] button");
  await maker.says("asked", "You asked for this", "The forms came back signed.");
  const request = maker.path();

  await checker.go("/approvals");
  await checker.press(`main a[href='${request}']`);
  await checker.says("the request", "Bulk action", "Consent, ");
  await checker.key("a");
  const began = Date.now();
  await Promise.all([checker.page.waitForNavigation(), checker.page.keyboard.press("Enter")]);

  await maker.go(bulk);
  const stop = maker.page.locator("form[action$='/stop'] button");
  if (await stop.count()) {
    await maker.press("form[action$='/stop'] button");
    if ((await maker.page.textContent("main")).includes("Stopped")) {
      await maker.sound("stopped");
      await maker.press("form[action$='/do'] button");
    }
  } else {
    console.log("it was done before anybody could stop it");
  }
  for (let n = 0; n < 100 && !(await maker.page.textContent("main")).includes("It is done for"); n++) {
    await maker.page.waitForTimeout(200);
    await maker.go(bulk);
  }
  await maker.says("done", `It is done for ${total.toLocaleString("en-US")} children`);
  console.log(`done with ${total} children in ${Date.now() - began} ms, as a person sees it`);
  await maker.press("main table th a");
  await maker.press("a[href$='/timeline']");
  await maker.says("a child's timeline", "In a bulk action", "The family agrees");

  await maker.go(bulk);
  await maker.press("form[action$='/undo'] button");
  await maker.says("undone for no reason", "Please check this page");
  await maker.type("#why", "These were last year’s forms.");
  const undoing = Date.now();
  await maker.press("form[action$='/undo'] button");
  for (let n = 0; n < 100 && !(await maker.page.textContent("main")).includes("It is taken back for"); n++) {
    await maker.page.waitForTimeout(200);
    await maker.go(bulk);
  }
  await maker.says("undone", `It is taken back for ${total.toLocaleString("en-US")} children`, "These were last year’s forms.");
  console.log(`and taken back in ${Date.now() - undoing} ms`);
  await maker.close();
  await checker.close();
});
failures.end();
