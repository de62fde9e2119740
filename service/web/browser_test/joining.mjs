// Two records of one child, with the keyboard alone: somebody puts the child on
// record once more, finds the pair, sees what joining does and proposes it;
// another person agrees; and the records are parted again.
import { Failures, withBrowser } from "./browser.mjs";
import { person } from "./hands.mjs";

const [, , base, ...links] = process.argv;
const failures = new Failures();
const desk = { name: "at a desk", viewport: { width: 1280, height: 800 } };
const phone = { name: "on a phone", viewport: { width: 320, height: 700 } };

await withBrowser(async (open) => {
  const maker = await person(open, desk, base, links[0], failures);
  const checker = await person(open, phone, base, links[1], failures);

  await maker.go("/p/riverbend/children?about=saving");
  const child = await maker.page.$eval("main table th a", (a) => new URL(a.href).pathname);
  await maker.go(`${child}/edit`);
  const was = {};
  for (const name of ["given", "middle", "surname", "born", "street", "city", "state", "zip"]) was[name] = await maker.page.inputValue(`#${name}`);
  await maker.go("/p/riverbend/children/new");
  for (const name of ["given", "middle", "surname", "street", "city", "state", "zip"]) if (was[name]) await maker.type(`#${name}`, was[name]);
  const [year, month, day] = was.born.split("-");
  await maker.type("#born", `${month}${day}${year}`);
  await maker.reach("#school");
  await maker.page.keyboard.press("ArrowDown");
  await maker.reach("#grade");
  await maker.page.keyboard.type("K");
  await maker.press("main form button[type=submit]");
  await maker.says("on record already", "is on record");
  await maker.tick("#anyway");
  await maker.press("main form button[type=submit]");
  const twin = maker.path();

  await maker.go("/p/riverbend/jobs"); // the awards: with money on both, one person alone cannot join them
  await maker.press("main form button[type=submit]");
  for (let n = 0; n < 100 && !(await maker.page.textContent("main")).includes("Done"); n++) {
    await maker.page.waitForTimeout(100);
    await maker.page.reload();
  }

  await maker.go("/p/riverbend/duplicates");
  await maker.says("the pairs", was.surname);
  await maker.press("main table th a");
  const pair = maker.path();
  await maker.says("the pair", "Are they one child?");
  await maker.sound("the pair");
  await maker.press("form[action$='/join'] button");
  await maker.says("what joining does", "No money moves");
  await maker.press("main form[method=post] button");
  await maker.says("for no reason", "Say why.");
  await maker.type("#why", "The same home and the same day.");
  if (await maker.page.locator("#sure").count()) await maker.tick("#sure");
  await maker.press("main form[method=post] button");
  await maker.says("proposed", "It waits for a second person now.");

  await checker.go(`${pair}/join`);
  await checker.says("the proposal", "The same home and the same day.");
  await checker.sound("the proposal");
  await checker.press("button[value=approve]");
  await checker.says("agreed", "They are one child now.");
  await maker.go(twin);
  await maker.says("the child once", "This child also has account");

  await maker.press("main a[href*='/records/']");
  await maker.press("main form[method=post] button");
  await maker.says("parted for no reason", "Say why.");
  await maker.type("#why", "Cousins of one name.");
  await maker.press("main form[method=post] button");
  await maker.says("parted", "The records are parted again.");
  await maker.go(twin);
  if (maker.path() !== twin) failures.add(maker.at("parted"), `the second record leads to ${maker.path()}`);
  await maker.go("/p/riverbend/duplicates?state=distinct");
  await maker.says("remembered", was.surname);
  await maker.close();
  await checker.close();
});
failures.end();
