// Who is signed in: loaded once, then kept; every page asks here.
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { answer, client, useCsrf, whenSignedOut } from '@/api/client'
import { Problem } from '@/api/problem'
import type { Session, User } from '@/api/types'
import type { SessionState } from './destination'

export const useSession = defineStore('session', () => {
  const user = ref<User | null>(null)
  const known = ref(false)
  const unreachable = ref<Problem | null>(null)
  const ended = ref(false)

  const state = computed<SessionState>(() => {
    if (unreachable.value) return 'unreachable'
    if (!known.value) return 'unknown'
    if (!user.value) return 'nobody'
    return user.value.must_change_password ? 'must-change' : 'signed-in'
  })

  function may(right: string): boolean {
    return user.value?.rights.includes(right) ?? false
  }

  function enter(session: Session): void {
    user.value = session.user
    known.value = true
    ended.value = false
    unreachable.value = null
    useCsrf(session.csrf)
  }

  function leave(): void {
    ended.value = ended.value || state.value === 'signed-in'
    user.value = null
    known.value = true
    useCsrf('')
  }

  whenSignedOut(leave)

  async function load(again = false): Promise<void> {
    if (known.value && !again) return
    try {
      enter(await answer<Session>(client.GET('/api/session')))
    } catch (thrown) {
      const problem = thrown as Problem
      unreachable.value = problem.status === 401 ? null : problem
    }
  }

  async function signIn(username: string, password: string): Promise<void> {
    enter(await answer<Session>(client.POST('/api/session', { body: { username, password } })))
  }

  async function changePassword(old_password: string, new_password: string): Promise<void> {
    await answer(client.POST('/api/session/password', { body: { old_password, new_password } }))
    await load(true)
  }

  async function signOut(): Promise<void> {
    await answer(client.DELETE('/api/session'))
    leave()
    ended.value = false
  }

  return { user, state, unreachable, ended, may, load, signIn, changePassword, signOut }
})
