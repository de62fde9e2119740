// A family on an old phone: in by a letter's code in Spanish without JavaScript,
// in by facts with it, a wrong code five times, a second guardian, the money and
// why, a statement checked. Every page on the way must fit, name itself, break
// no policy, and be accessible.
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Failures, withBrowser } from "./browser.mjs";
import { accessible } from "./rules_of_axe.mjs";

const [, , base, outbox, given] = process.argv;
const { letter, spent, child, born } = JSON.parse(given);
const shots = process.env.SCREENSHOTS;
if (shots) mkdirSync(shots, { recursive: true });
const failures = new Failures();
const pin = "493817";

// sent waits for the newest message to somebody and returns its code.
async function sent(page, to, before) {
  for (let i = 0; i < 100; i++) {
    const files = readdirSync(outbox).map((f) => readFileSync(join(outbox, f), "utf8")).filter((t) => t.includes(`To: ${to}\n`));
    if (files.length > before) return files.sort().map((t) => t.match(/[0-9]{4} [0-9]{4}/)[0]).at(-1);
    await page.waitForTimeout(100);
  }
  failures.add("outbox", `no message to ${to}`);
  return "";
}

await withBrowser(async (open) => {
  const walk = async (name, options, fn) => {
    const { context, page } = await open({ viewport: { width: 320, height: 700 }, ...options });
    page.setDefaultTimeout(15000);
    let shot = 0;
    const at = (where) => `${name}, ${where}`;
    page.on("console", (m) => {
      // A refused form is answered with 422 or 503, which Chromium calls an error.
      if (m.type() === "error" && !/4(22|04)|503/.test(m.text())) failures.add(at(page.url()), m.text());
    });
    const arrived = async (where, words) => {
      await page.waitForSelector("h1");
      if (!(await page.textContent("main")).includes(words)) failures.add(at(where), `does not say ${words}, but ${await page.textContent("h1")}`);
      const sideways = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if ((await sideways()) > 0) failures.add(at(where), `scrolls sideways by ${await sideways()}`);
      await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
      if ((await sideways()) > 0) failures.add(at(where), `at 200 % text scrolls sideways by ${await sideways()}`);
      await page.evaluate(() => (document.documentElement.style.fontSize = ""));
      if (shots) await page.screenshot({ path: join(shots, `${name}-${String(++shot).padStart(2, "0")}.png`), fullPage: true });
      if (options.javaScriptEnabled === false) return;
      await accessible(page, (what) => failures.add(at(where), what));
    };
    const press = async (selector = "main form button[type=submit]") => {
      await page.focus(selector);
      await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    };
    await fn(page, arrived, press);
    await context.close();
  };
  const enter = async (page, press, contact, to) => {
    const before = readdirSync(outbox).filter((f) => readFileSync(join(outbox, f), "utf8").includes(`To: ${to}\n`)).length;
    await page.fill("#contact", contact);
    await press();
    await page.fill("#code", await sent(page, to, before));
    await press();
  };

  let invitation = "";
  let statement = "";
  await walk("carta", { javaScriptEnabled: false, locale: "es-MX" }, async (page, arrived, press) => {
    await page.goto(`${base}/family`);
    await arrived("welcome", "Tengo una carta");
    await page.goto(`${base}/family/activate`);
    await arrived("letter", "Nunca pedimos");
    await page.fill("#code", letter.toLowerCase());
    await page.selectOption("#month", String(born.month));
    await page.fill("#year", String(born.year));
    await press();
    await arrived("contact", "Encontramos a");
    const before = readdirSync(outbox).length;
    await page.fill("#contact", "(202) 555-0123");
    await press();
    await arrived("code", "Mandamos un código");
    await page.fill("#code", "00000000");
    await press();
    await arrived("wrong code", "Este no es el código");
    await page.fill("#code", await sent(page, "+12025550123", before));
    await press();
    await arrived("pin", "6 a 12 números");
    await page.fill("#pin", "123456");
    await page.fill("#again", "123456");
    await press();
    await arrived("a weak pin", "fáciles de adivinar");
    await page.fill("#pin", pin);
    await page.fill("#again", pin);
    await press();
    await arrived("home", "Su dinero");
    for (const words of ["Dinero del programa", "En camino", "Lo que puede recibir ahora", child]) {
      if (!(await page.textContent("main")).includes(words)) failures.add("home", `does not say ${words}`);
    }
    await press("main .sb-child a.usa-button");
    await arrived("child", "Lo que entró y salió");
    await press("main table th a >> nth=0");
    await arrived("a line", "Entrada en los libros");
    await page.goBack();
    await press("main .sb-award h3 a >> nth=0");
    await arrived("an award", "Cómo se calculó");
    await page.goBack();
    await press("main a[href*='/statements/']:not([href$='/en']):not([href$='/es']) >> nth=0");
    await arrived("a statement", "¿Es verdadero");
    statement = (await page.textContent(".sb-secret")).trim();
    await page.goBack();
    await press("main a[href$='/invite']");
    await arrived("invite", "Hacemos un código");
    await press();
    await arrived("invitation", "Sirve una vez");
    invitation = (await page.textContent(".sb-secret")).trim();
    await page.goto(`${base}/family/home`);
    await press("main .sb-child a.usa-button");
    await press("main a[href$='/ask']");
    await arrived("what to ask for", "Elija lo que necesita");
    await press("main a[href$='/ask/school']");
    await arrived("money for school", "Puede pedir");
    await press();
    await arrived("nothing filled in", "Nombre de la escuela");
    await page.fill("#institution", "Colegio Estatal de Riverbend");
    await page.fill("#amount", "5");
    await press();
    await arrived("what it costs", "Se pagaría");
    await page.fill("#signature", "Rosa Peña");
    await press("form:has(#signature) button[type=submit]");
    await arrived("the request", "Tres días por seguridad");
    await page.setInputFiles("#file", { name: "cuenta.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4 cuenta") });
    await press("form:has(#file) button[type=submit]");
    await arrived("its paper", "cuenta.pdf");
    await page.goto(`${base}/family/requests`);
    await arrived("my requests", "Dinero para estudiar");
    await page.goto(`${base}/family/help`);
    await arrived("help", "Siempre es suyo");
    await page.goto(`${base}/family/account`);
    await arrived("account", "¿Perdió su teléfono?");
    const title = await page.getAttribute("html", "lang");
    if (title !== "es") failures.add("account", `is in ${title}`);
    await page.evaluate(() => document.querySelector("form[action='/family/sign-out']").submit());
    await page.waitForURL("**/family?done=signed_out");
    await arrived("signed out", "Su sesión está cerrada");
  });

  await walk("second", { locale: "en-US" }, async (page, arrived, press) => {
    await page.goto(`${base}/family/activate#${invitation}`);
    await page.waitForFunction((code) => document.querySelector("#code").value === code, invitation).catch(() => failures.add("letter", "the code behind the # is not filled in"));
    await arrived("letter", "We never ask");
    await page.selectOption("#month", String(born.month));
    await page.fill("#year", String(born.year));
    await press();
    await arrived("contact", "We found");
    await enter(page, press, "abuela@example.org", "abuela@example.org");
    await arrived("pin", "6 to 12 digits");
    await page.fill("#pin", pin);
    await page.fill("#again", pin);
    await page.focus("#remember");
    await page.keyboard.press("Space");
    await press();
    await arrived("home", "Your money");
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Network.clearBrowserCache");
    let bytes = 0;
    session.on("Network.loadingFinished", (e) => (bytes += e.encodedDataLength));
    await page.reload({ waitUntil: "networkidle" });
    console.log(`home weighs ${bytes} bytes on a first visit`);
    if (bytes > 50000) failures.add("home", `weighs ${bytes} bytes, more than 50000`);
    await press("main .sb-child a.usa-button");
    await arrived("child", "2 adults can see it");
    await press("main .sb-award h3 a >> nth=0");
    await arrived("an award", "How it was worked out");
    await page.goto(`${base}/family/home`);
    await press("main .sb-child a.usa-button");
    await press("main a[href$='/ask']");
    await press("main a[href$='/ask/opt_out']");
    await arrived("leaving", "takes part no more");
    await press();
    await arrived("what leaving does", "Yours to get back");
    await page.fill("#signature", "Ana Abuela");
    await press("form:has(#signature) button[type=submit]");
    await arrived("leaving is asked for", "Here now");
    await press("form:has(input[value=withdraw]) button[type=submit]");
    await arrived("leaving is taken back", "Taken back");
    await page.goto(`${base}/family/requests/1`);
    await arrived("another guardian's request", "no such request");
    await page.goto(`${base}/family/children/99999997`);
    await arrived("another's child", "does not exist");
    await page.goto(`${base}/verify`);
    await arrived("verify", "We show no names");
    await page.fill("#code", statement);
    await press();
    await arrived("a real statement", "This statement is real");
    await page.fill("#code", "AAAA-AAAA-AAAA");
    await press();
    await arrived("a forged statement", "cannot confirm");
    if (shots) {
      await page.setViewportSize({ width: 1280, height: 800 });
      for (const [path, file] of [["/family/home", "home"], [`/verify`, "verify"]]) {
        await page.goto(base + path);
        await page.screenshot({ path: join(shots, `wide-${file}.png`), fullPage: true });
      }
      await page.goto(`${base}/family/home`);
      await press("main .sb-child a.usa-button");
      await page.screenshot({ path: join(shots, "wide-child.png"), fullPage: true });
    }
  });

  await walk("stranger", { locale: "en-US" }, async (page, arrived, press) => {
    for (let i = 0; i < 6; i++) {
      await page.goto(`${base}/family/activate`);
      await page.fill("#code", i < 5 ? `${spent.slice(0, 4)}-0000-0000` : spent);
      await page.selectOption("#month", String(born.month));
      await page.fill("#year", String(born.year));
      await press();
      await arrived(`try ${i + 1}`, "This does not match");
    }
    await page.goto(`${base}/family/sign-in`);
    await arrived("sign in", "The one you gave us before");
    await page.fill("#contact", "202-555-0199");
    await press();
    await arrived("a contact that nobody has", "If we know this phone");
    await page.fill("#code", "12345678");
    await page.fill("#pin", pin);
    await press();
    await arrived("refused", "is not right");
  });

  await walk("facts", { locale: "en-US" }, async (page, arrived, press) => {
    await page.goto(`${base}/family/find`);
    await arrived("facts", "Student number");
    await page.selectOption("#month", String(born.month));
    await page.fill("#day", String(born.day));
    await page.fill("#year", String(born.year));
    await page.fill("#zip", "00000");
    await page.fill("#student", born.student);
    await press();
    await arrived("another ZIP", "This does not match");
    await page.fill("#zip", born.zip);
    await press();
    await enter(page, press, "ana@example.org", "ana@example.org");
    await page.fill("#pin", pin);
    await page.fill("#again", pin);
    await press();
    await arrived("home", child);
  });
});
failures.end();
