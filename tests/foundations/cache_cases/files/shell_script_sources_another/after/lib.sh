f() { echo two; }
