/** Build what the service serves. `node build.mjs [folder]`: by default the package's static folder. */

import { build } from 'esbuild'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { minify } from 'terser'

const here = name => fileURLToPath(new URL(name, import.meta.url))
const { version } = JSON.parse(readFileSync(here('package.json'), 'utf8'))
/** Names of properties that nothing outside the script reads or writes: they become short. */
const privateNames = JSON.parse(readFileSync(here('private-names.json'), 'utf8'))
const properties = { regex: new RegExp(`^(${privateNames.join('|')})$`), builtins: true, reserved: ['t', 'q'] }
/** The same short names in every file: the search is handed the script's own objects. */
const nameCache = {}
const folder = process.argv[2] || here(process.env.PREFILL_STATIC || '../prefill/web/static')

/** @param {string} source @param {'iife' | 'esm'} format @param {string} name @param {Record<string, string>} [define] */
async function write(source, format, name, define = {}) {
	const { outputFiles } = await build({
		bundle: true,
		target: ['es2022', 'chrome94', 'firefox93', 'safari15.4'],
		define: { PREFILL_VERSION: JSON.stringify(version), ...define },
		charset: 'utf8',
		legalComments: 'none',
		logLevel: 'warning',
		write: false,
		entryPoints: [here(`src/${source}`)],
		format,
		outfile: `${folder}/${name}`,
	})
	// A twentieth smaller than what the bundler's own minifier gives.
	const { code } = await minify(outputFiles[0].text, {
		ecma: 2020,
		module: format === 'esm',
		compress: { passes: 3, pure_getters: true, unsafe_arrows: true },
		mangle: { toplevel: true, properties },
		nameCache,
		// The hint has browsers compile the functions while they load the file, not while the form fills itself.
		format: { preamble: `/*! prefill ${version} */\n//# allFunctionsCalledOnLoad` },
	})
	delete nameCache.vars
	const text = `${code}\n`
	mkdirSync(folder, { recursive: true })
	writeFileSync(`${folder}/${name}`, text)
	return `sha384-${createHash('sha384').update(text).digest('base64')}`
}

const integrity = await write('classic-search.js', 'iife', 'prefill.search.js')
await write('classic.js', 'iife', 'prefill.js', { PREFILL_SEARCH: JSON.stringify(integrity) })
await write('module.js', 'esm', 'prefill.mjs')
