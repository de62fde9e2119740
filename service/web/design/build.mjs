// Compiles the design system into service/web/static/built, which is embedded
// into the program and never committed: npm run build.
import { compile } from "sass";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "../../../node_modules");
const uswds = join(modules, "@uswds/uswds");
const built = join(here, "../static/built");

rmSync(built, { recursive: true, force: true });
mkdirSync(join(built, "fonts"), { recursive: true });

// quietDeps: warnings about USWDS's own sources are not ours to mend.
const { css } = compile(join(here, "seedbook.scss"), {
  style: "compressed",
  loadPaths: [join(uswds, "packages")],
  quietDeps: true,
});
writeFileSync(join(built, "seedbook.css"), css);

const fonts = {
  "source-sans-pro/sourcesanspro-regular-webfont.woff2": "text.woff2",
  "source-sans-pro/sourcesanspro-bold-webfont.woff2": "text-bold.woff2",
  "merriweather/Latin-Merriweather-Bold.woff2": "title.woff2",
};
for (const [from, to] of Object.entries(fonts)) {
  copyFileSync(join(uswds, "dist/fonts", from), join(built, "fonts", to));
}

// The pictures that the stylesheet asks for, and no others.
for (const [, image] of css.matchAll(/url\("?(img\/[^")]+)"?\)/g)) {
  mkdirSync(dirname(join(built, image)), { recursive: true });
  copyFileSync(join(uswds, "dist", image), join(built, image));
}

const htmx = readFileSync(join(modules, "htmx.org/dist/htmx.min.js"), "utf8");
writeFileSync(join(built, "htmx.js"), htmx.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n"));
