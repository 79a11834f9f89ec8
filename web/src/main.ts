// Starts the console: theme, store, router.
import 'element-plus/es/components/message/style/css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { followChoices } from './appearance'
import { language } from './language'
import { fetchMap } from './map/beginning'
import { recallZone } from './moments'
import { createConsoleRouter } from './router'
import { keepFocus } from './shell/focus'
import './theme.css'

if (location.pathname === '/') fetchMap() // before anything else: it is the largest
followChoices()
recallZone()
keepFocus()
document.documentElement.lang = language === 'en' ? 'en' : 'zh-CN'
const app = createApp(App)
app.use(createPinia())
app.use(createConsoleRouter())
app.mount('#app')
