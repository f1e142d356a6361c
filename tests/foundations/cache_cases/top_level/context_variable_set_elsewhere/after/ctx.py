import contextvars
V = contextvars.ContextVar('V')
V.set(2)
