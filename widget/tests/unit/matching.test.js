import assert from 'node:assert/strict'
import { test } from 'node:test'
import { indexOfChoice } from '../../src/matching.js'

const labels = (...texts) => texts.map(label => ({ value: label, label }))
const values = (...texts) => texts.map(value => ({ value, label: '?' }))

const COMPANY = [
	['FRA', 'FR', 'France'],
	['5710', 'SAS', 'société par actions simplifiée'],
]
for (const [value, list, index] of [
	['FRA', values('BE', 'FR'), 1],
	['FRA', labels('Belgique', 'France'), 1],
	['FRA', labels('Belgique', 'Suisse'), -1],
	['SAS, société par actions simplifiée', labels('SARL', 'SAS'), 1],
	['SAS, société par actions simplifiée', labels('SASU', 'Société par actions simplifiée'), 1],
	['5710', labels('SA', 'SAS'), 1],
	[true, labels('Non', 'Oui'), 1],
	[false, values('true', 'false'), 1],
	['PME', labels('pme', 'ETI'), 0],
	['10 à 19 salariés', labels('1 à 9 salariés', '10 à 19 salariés'), 1],
	[
		'1',
		[
			{ value: '2', label: '1' },
			{ value: '1', label: '2' },
		],
		1,
	],
])
	test(`${value} is choice ${index} of ${list.map(choice => `${choice.value}/${choice.label}`)}`, () => {
		assert.equal(indexOfChoice(list, value, COMPANY), index)
	})

test('a page adds its own synonyms', () => {
	assert.equal(indexOfChoice(labels('A', 'Région Bretagne'), 'BRE', [['BRE', 'Région Bretagne']]), 1)
})
