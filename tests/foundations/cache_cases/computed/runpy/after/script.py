value = 4
