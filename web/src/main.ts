// Starts the console: theme, store, router.
import 'element-plus/es/components/message/style/css'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { createConsoleRouter } from './router'
import './theme.css'

const app = createApp(App)
app.use(createPinia())
app.use(createConsoleRouter())
app.mount('#app')
