// Starts Debian's Chromium with a fresh profile, and reads the address and the
// names of pages that a script was given.
import { chromium } from "playwright-core";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const flags = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--no-first-run",
];

// withBrowser runs fn with a function that opens a page in a context of its own.
export async function withBrowser(fn) {
  const profile = mkdtempSync(join(tmpdir(), "seedbook-browser-"));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: flags, env: { ...process.env, HOME: profile } });
  try {
    await fn(async (options) => {
      const context = await browser.newContext(options);
      return { context, page: await context.newPage() };
    });
  } finally {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

// inHands has several hands take items from one pile until it is empty: a page
// waits more than it works.
export async function inHands(hands, items, work) {
  const pile = [...items];
  await Promise.all(Array.from({ length: hands }, () => work(function* () {
    while (pile.length > 0) yield pile.shift();
  })));
}

// failures gathers what is wrong and ends the script with it.
export class Failures {
  list = [];
  add(where, what) {
    this.list.push(`${where}: ${what}`);
  }
  end() {
    for (const line of this.list) console.error(line);
    if (this.list.length > 0) process.exitCode = 1;
  }
}
