// A day's work in a real console: once with the keyboard's Enter and no
// JavaScript at all, once on a phone with it. Every page on the way must fit,
// name itself, and break no policy.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failures, withBrowser } from "./browser.mjs";

const [, , base, dir, ...links] = process.argv;
const failures = new Failures();
const roster = join(dir, "lincoln.csv");
writeFileSync(roster, "Vorname,Nachname,Geboren,Haus\nMaría,García,3/14/2021,Lincoln\nAnh,Nguyen,11/2/2020,Lincoln\n");
const ways = [
  { name: "without JavaScript", javaScriptEnabled: false, viewport: { width: 1280, height: 800 } },
  { name: "on a phone", javaScriptEnabled: true, viewport: { width: 320, height: 700 } },
];

await withBrowser(async (open) => {
  for (const [i, way] of ways.entries()) {
    const { context, page } = await open(way);
    page.setDefaultTimeout(15000);
    const at = (where) => `${way.name}, ${where}`;
    page.on("console", (m) => {
      // A refused form is answered with 422, which Chromium calls an error.
      if (m.type() === "error" && !m.text().includes("422")) failures.add(at(page.url()), m.text());
    });
    const arrived = async (where, words) => {
      await page.waitForSelector("h1");
      if (!(await page.textContent("main")).includes(words)) failures.add(at(where), `does not say ${words}`);
      const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (sideways > 0) failures.add(at(where), `scrolls sideways by ${sideways}`);
    };
    const press = async (selector) => {
      await page.focus(selector);
      await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    };

    await page.goto(base + links[i]);
    await press("main button[type=submit]");
    await arrived("home", "On children's accounts");

    await page.goto(`${base}/p/riverbend/children`);
    await arrived("children", "Status");
    await press("main table th a >> nth=0");
    await arrived("a child", "Awards, and why");
    await press("main .sb-award h3 a >> nth=0");
    await arrived("a statement", "give us this code");

    await page.goto(`${base}/p/riverbend/rosters`);
    await page.setInputFiles("#file", roster);
    await page.fill("#source", `Lincoln ${i}`);
    await press("main form button[type=submit]");
    await arrived("columns", "Vorname");
    for (const [field, column] of [["given", "Vorname"], ["family", "Nachname"], ["born_on", "Geboren"], ["school_name", "Haus"], ["date_format", "M/D/YYYY"]]) {
      await page.selectOption(`#${field}`, column);
    }
    await press("main form button[type=submit]");
    await arrived("preview", "2 children and 0 adults");
    await press("form[action$='/commit'] button");
    await arrived("applied", "Applied");

    await page.goto(`${base}/p/riverbend/jobs`);
    await page.focus("#dry_run");
    await page.keyboard.press("Space");
    await press("main form button[type=submit]");
    for (let n = 0; n < 50 && !(await page.textContent("main")).includes("Done"); n++) {
      await page.waitForTimeout(200);
      await page.reload();
    }
    await arrived("a run", "Only tried");

    await page.goto(`${base}/p/riverbend/books`);
    await press("form[action$='/verify'] button");
    await arrived("verified", "The books are sound");

    await page.goto(`${base}/account/security`);
    await press("main form[action='/account/password'] button");
    await arrived("an empty password", "Please check this page");
    await page.evaluate(() => document.querySelector("form[action='/sign-out']").submit());
    await page.waitForURL("**/sign-in**");
    await arrived("signed out", "You are signed out");
    await context.close();
  }
});
failures.end();
