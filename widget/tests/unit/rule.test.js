import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decide, isReformatted } from '../../src/rule.js'

const value = fc.constantFrom('', 'A', 'B', 'typed')
const situation = fc
	.record({
		current: value,
		next: fc.constantFrom('A', 'B'),
		focused: fc.boolean(),
		edited: fc.boolean(),
		written: fc.option(fc.record({ before: value, after: value, number: fc.constant('1') }), { nil: undefined }),
	})
	.map(one => ({ ...one, empty: one.current === '' }))

test('a field is written only when it is free and nobody is in it', () => {
	fc.assert(
		fc.property(situation, one => {
			if (decide(one) !== 'write') return
			assert.equal(one.focused, false)
			assert.ok(one.written ? one.current === one.written.after : one.empty && !one.edited)
		}),
	)
})

test('what somebody else put in a field becomes a suggestion, never something else', () => {
	fc.assert(
		fc.property(situation, one => {
			if (one.empty || one.written || one.current === one.next) return
			assert.equal(decide(one), 'suggest')
		}),
	)
})

test('a mask that lays a value out anew leaves it ours', () => {
	assert.ok(isReformatted('10 000', '10000'))
	assert.ok(isReformatted('MENUISERIE', 'menuiserie'))
	assert.ok(!isReformatted('10 001', '10000'))
	assert.ok(!isReformatted('', 'x'))
})
