import { mount } from 'svelte'
import Candidature from '../../../docs/examples/svelte.svelte'

mount(Candidature, { target: document.getElementById('app') })
