from pkg.entry import answer
