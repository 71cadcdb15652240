/** Build what the service serves. `node build.mjs [folder]`: by default the package's static folder. */

import { build } from 'esbuild'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = name => fileURLToPath(new URL(name, import.meta.url))
const { version } = JSON.parse(readFileSync(here('package.json'), 'utf8'))
const folder = process.argv[2] || here(process.env.PREFILL_STATIC || '../prefill/web/static')

const common = {
	bundle: true,
	minify: true,
	target: ['es2022', 'chrome94', 'firefox93', 'safari15.4'],
	define: { PREFILL_VERSION: JSON.stringify(version) },
	banner: { js: `/*! prefill ${version} */` },
	charset: 'utf8',
	legalComments: 'none',
	logLevel: 'warning',
}

await build({ ...common, entryPoints: [here('src/classic.js')], format: 'iife', outfile: `${folder}/prefill.js` })
await build({ ...common, entryPoints: [here('src/module.js')], format: 'esm', outfile: `${folder}/prefill.mjs` })
