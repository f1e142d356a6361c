from .thing import value as thing
