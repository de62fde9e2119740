// A console in which everything is called something nasty, in a real browser: no
// dialog, no script but ours, nothing from elsewhere, no breach of the policy, and
// no text that turns its neighbors around.
import { Failures, inHands, withBrowser } from "./browser.mjs";

const [, , base, link] = process.argv;
const failures = new Failures();
const home = "/p/riverbend";
const kindOf = (path) => path.replace(/[?#].*$/, (s) => (s.includes("after=") ? "?after" : s[0] === "?" ? "?" : "")).replace(/\d{3,}|\d+/g, "N");
const most = (kind) => ({ [`${home}/children`]: 40, [`${home}/children?after`]: 40, [`${home}/children/N`]: 30, [`${home}/children/N/family`]: 12, [`${home}/children/N/file`]: 12 })[kind] ?? 3;

// turned are pieces of plain text that a neighbor's signs of direction show from
// right to left.
const turned = () => {
  const signs = /[\u200f\u202a-\u202e\u2066-\u2069]|[\u0590-\u08ff]/;
  const out = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = texts.nextNode()); ) {
    const block = n.parentElement.closest("p, li, td, th, dd, dt, h1, h2, h3, label, option, caption, div");
    const words = n.data.match(/[A-Za-z]{3,}/);
    if (!words || signs.test(n.data) || !block || !signs.test(block.textContent)) continue;
    const range = document.createRange();
    const at = (i) => (range.setStart(n, i), range.setEnd(n, i + 1), range.getBoundingClientRect());
    const [first, last] = [at(words.index), at(words.index + words[0].length - 1)];
    if (first.width > 0 && Math.abs(first.top - last.top) < 2 && first.left > last.left) out.push(block.textContent.trim().slice(0, 80));
  }
  return out;
};

const watch = (page, where) => {
  page.on("dialog", (d) => (failures.add(where(), `a dialog says ${d.message()}`), d.dismiss()));
  page.on("pageerror", (e) => failures.add(where(), `a script fails: ${e.message}`));
  page.on("console", (m) => m.type() === "error" && !/404|422|409|403/.test(m.text()) && failures.add(where(), m.text()));
  page.on("request", (r) => r.url().startsWith(base + "/") || failures.add(where(), `asks ${r.url()}`));
  page.on("popup", (p) => failures.add(where(), `opens ${p.url()}`));
};

await withBrowser(async (open) => {
  const way = { viewport: { width: 1280, height: 900 }, locale: "en-US" };
  const { context, page } = await open(way);
  watch(page, () => page.url());
  await page.goto(base + link);
  await Promise.all([page.waitForNavigation(), page.press("main button[type=submit]", "Enter")]);
  // Files with names and contents of that kind.
  for (const name of [`"><img src=x onerror=alert(1)>.csv`, "=cmd|' /C calc'!A0.csv", "\u202etxt.csv"]) {
    await page.goto(`${base}${home}/rosters`);
    await page.setInputFiles("input[type=file]", { name, mimeType: "text/csv", buffer: Buffer.from(`Given,Family,Born\n"<script>alert(1)</script>",García,2021-03-14\n`) });
    await page.fill("input[name=source]", name);
    await Promise.all([page.waitForNavigation(), page.press("main form button[type=submit]", "Enter")]);
  }
  const state = await context.storageState();
  await context.close();

  // The check of directions finds what is turned.
  const { context: apart, page: blank } = await open(way);
  await blank.setContent("<p><span>\u202eName</span> Account</p><p><bdi>\u202eName</bdi> Account</p>");
  const found = await blank.evaluate(turned);
  if (found.length !== 1) failures.add("turned", `found ${JSON.stringify(found)}`);
  await apart.close();

  const seen = new Set();
  const kinds = new Map();
  let waiting = ["/", home, "/staff", "/trail", `${home}/children?q=script`, `${home}/children?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E`, `${home}/trail?what=%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E`];
  while (waiting.length > 0) {
    const found = [];
    await inHands(2, waiting, async (next) => {
      const { context, page } = await open({ ...way, storageState: state });
      let at = "";
      watch(page, () => at);
      for (at of next()) {
        const kind = kindOf(at);
        if (seen.has(at) || (kinds.get(kind) ?? 0) >= most(kind)) continue;
        seen.add(at);
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        const answer = await page.goto(base + at, { waitUntil: "load" });
        if (answer.status() >= 500) failures.add(at, `answers ${answer.status()}`);
        if ((await page.locator("script:not([src^='/static/'])").count()) > 0) failures.add(at, "holds a script that is not ours");
        for (const what of await page.evaluate(turned)) failures.add(at, `text is turned around: ${what}`);
        const to = await page.$$eval("main a[href^='/'], nav a[href^='/']", (all) => all.filter((a) => !a.hasAttribute("download")).map((a) => a.getAttribute("href")));
        found.push(...to.filter((t) => !/\.(csv|xlsx|pdf|json|txt|yaml)(\?|$)|\/(en|es)$|^\/help\/|[?&]lang=/.test(t)));
      }
      await context.close();
    });
    waiting = [...new Set(found)].filter((t) => !seen.has(t));
  }
  console.log(`${seen.size} pages of ${kinds.size} kinds`);
  if (seen.size < 100 || kinds.size < 30) failures.add("walk", `saw only ${seen.size} pages of ${kinds.size} kinds`);
});
failures.end();
