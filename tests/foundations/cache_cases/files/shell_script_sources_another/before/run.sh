. ./lib.sh
f
