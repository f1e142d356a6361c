from stages import answer
