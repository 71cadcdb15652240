/** Build the pages of the browser tests into build/kits/: real style sheets, real frameworks. */

import { build } from 'esbuild'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { compile, compileModule } from 'svelte/compiler'
import { compileScript, parse } from 'vue/compiler-sfc'
import { vanilla } from './tests/kits/vanilla.mjs'

const here = name => fileURLToPath(new URL(name, import.meta.url))
const folder = here('build/kits')
mkdirSync(folder, { recursive: true })

const svelte = {
	name: 'svelte',
	setup(builder) {
		builder.onLoad({ filter: /\.svelte$/ }, ({ path }) => ({
			contents: asTested(compile(readFileSync(path, 'utf8'), { filename: path, generate: 'client' }).js.code),
		}))
		builder.onLoad({ filter: /\.svelte\.js$/ }, ({ path }) => ({
			contents: compileModule(readFileSync(path, 'utf8'), { filename: path }).js.code,
		}))
	},
}
const vue = {
	name: 'vue',
	setup(builder) {
		builder.onLoad({ filter: /\.vue$/ }, ({ path }) => {
			const { descriptor } = parse(readFileSync(path, 'utf8'), { filename: path })
			return { contents: asTested(compileScript(descriptor, { id: 'example', inlineTemplate: true }).content) }
		})
	},
}
/** The examples name a service: the tests' own takes its place. @param {string} code */
const asTested = code =>
	code.replace("'https://prefill.exemple.fr/v1/'", "new URLSearchParams(location.search).get('service') + '/v1/'")
const examples = {
	name: 'examples',
	setup(builder) {
		builder.onLoad({ filter: /static\/examples\/.*\.(jsx|ts)$/ }, ({ path }) => ({
			contents: asTested(readFileSync(path, 'utf8')),
			loader: path.endsWith('.ts') ? 'ts' : 'jsx',
		}))
	},
}
const FRAMEWORKS = {
	react: 'react.jsx',
	vue: 'vue.js',
	svelte: 'svelte.js',
	angular: 'angular.js',
	shoelace: 'shoelace.js',
	'example-react': 'example-react.js',
	'example-vue': 'example-vue.js',
	'example-svelte': 'example-svelte.js',
	'example-angular': 'example-angular.js',
}

await build({
	entryPoints: Object.fromEntries(Object.entries(FRAMEWORKS).map(([kit, file]) => [kit, here(`tests/kits/${file}`)])),
	outdir: folder,
	bundle: true,
	format: 'esm',
	target: 'es2022',
	minify: true,
	jsx: 'automatic',
	conditions: ['svelte', 'browser', 'production'],
	define: {
		PREFILL_VERSION: '"test"',
		'process.env.NODE_ENV': '"production"',
		__VUE_OPTIONS_API__: 'true',
		__VUE_PROD_DEVTOOLS__: 'false',
		__VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
		ngDevMode: 'false',
	},
	plugins: [svelte, vue, examples],
	nodePaths: [here('node_modules')],
	tsconfigRaw: { compilerOptions: { experimentalDecorators: true, useDefineForClassFields: false } },
	alias: {
		'prefill-widget': here('src/module.js'),
		'prefill-widget/react': here('adapters/react.js'),
		'prefill-widget/vue': here('adapters/vue.js'),
		'prefill-widget/svelte': here('adapters/svelte.js'),
		'prefill-widget/angular': here('adapters/angular.js'),
	},
	logLevel: 'warning',
})
await build({
	entryPoints: { jquery: here('tests/kits/jquery-entry.js'), vanilla: here('tests/kits/vanilla.js') },
	outdir: folder,
	bundle: true,
	format: 'iife',
})
for (const kit of ['plain', 'dsfr', 'bootstrap', 'jquery', 'rails'])
	writeFileSync(`${folder}/${kit}.html`, vanilla(kit))
for (const kit of Object.keys(FRAMEWORKS))
	writeFileSync(
		`${folder}/${kit}.html`,
		`<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>${kit}</title><link rel="icon" href="data:,"></head><body><main id="app"></main><script type="module" src="/${kit}.js"></script></body></html>`,
	)
cpSync(here('node_modules/@gouvfr/dsfr/dist/dsfr.min.css'), `${folder}/dsfr.css`)
cpSync(here('node_modules/@gouvfr/dsfr/dist/icons/system'), `${folder}/icons/system`, { recursive: true })
cpSync(here('node_modules/@gouvfr/dsfr/dist/fonts'), `${folder}/fonts`, { recursive: true })
cpSync(here('node_modules/bootstrap/dist/css/bootstrap.min.css'), `${folder}/bootstrap.css`)
cpSync(here('node_modules/axe-core/axe.min.js'), `${folder}/axe.js`)
