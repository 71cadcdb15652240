import { createApp } from 'vue'
import Candidature from '../../../docs/examples/vue.vue'

createApp(Candidature).mount('#app')
