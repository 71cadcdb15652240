/** React: a hook that attaches the element of its `ref` for as long as it is mounted. */

import { useEffect, useRef, useState } from 'react'
import { attach } from '../src/module.js'

/** @param {import('../src/block.js').Options} [options] Read when the element is mounted. */
export function usePrefill(options = {}) {
	/** @type {import('react').RefObject<any>} */
	const ref = useRef(null)
	/** @type {import('react').RefObject<import('../src/page.js').Handle | null>} */
	const handle = useRef(null)
	const [state, setState] = useState(/** @type {import('../src/block.js').State} */ ('idle'))
	useEffect(() => {
		const element = ref.current
		if (!element) return undefined
		const onState = (/** @type {CustomEvent} */ event) => setState(event.detail.state)
		element.addEventListener('prefill:state', onState)
		handle.current = attach(element, options)
		return () => {
			element.removeEventListener('prefill:state', onState)
			handle.current?.detach()
			handle.current = null
		}
	}, [])
	return { ref, state, handle }
}
