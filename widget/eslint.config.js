import js from '@eslint/js'
import globals from 'globals'

export default [
	{ ignores: ['build/', 'types/'] },
	js.configs.recommended,
	{
		languageOptions: { globals: { ...globals.browser, PREFILL_VERSION: 'readonly', PREFILL_SEARCH: 'readonly' } },
		rules: {
			eqeqeq: ['error', 'always', { null: 'ignore' }],
			'no-var': 'error',
			'prefer-const': 'error',
			'no-eval': 'error',
			'no-restricted-properties': [
				'error',
				{ property: 'innerHTML' },
				{ property: 'outerHTML' },
				{ property: 'insertAdjacentHTML' },
			],
			'no-restricted-globals': ['error', 'localStorage', 'sessionStorage'],
		},
	},
	{
		files: ['build*.mjs', 'tests/**', '*.config.js'],
		languageOptions: { globals: { ...globals.node, ...globals.browser } },
		rules: { 'no-restricted-properties': 'off' },
	},
]
