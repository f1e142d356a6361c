f() { echo one; }
