// What a page in TypeScript writes with the package: compiled against its types, never run.
import { attach, defineElement, fetchPrefill, scan, start, useService, version } from 'prefill-widget'
import { usePrefill } from 'prefill-widget/react'
import { prefill } from 'prefill-widget/svelte'
import { handleOf, vPrefill } from 'prefill-widget/vue'

useService('https://prefill.exemple.fr/v1/')
const handle = attach('#form', { schema: 'dume', map: { '#siret': '@siret', '#name': 'name' }, search: false })
const filled: Promise<void> = handle.fill('00000100800010')
const state: 'idle' | 'done' | string = handle.state
handle.revert('name')
for (const member of handle.members) member.retry()
scan()
start()
defineElement()
const answer: Record<string, unknown> = await fetchPrefill('00000100800010', { fields: 'name' })
const hook = usePrefill({ kit: 'dsfr' })
const action = prefill(document.createElement('form'), { lang: 'en' })
action.update({ lang: 'fr' })
vPrefill.mounted(document.createElement('form'), { value: { tenant: 'lyon' } })
console.log(filled, state, answer, hook.state, handleOf(document.body)?.state, version)
// @ts-expect-error An option that does not exist is a mistake.
attach('#form', { colour: 'blue' })
