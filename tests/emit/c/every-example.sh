# every-example.sh ATTNC EXAMPLES TEST DIRECTORY: the C source of every example has the loops of its modules and compiles
# without a warning. causal.test takes every path of one with every compiler.
set -e
warnings="-Wall -Wextra -Werror -fsyntax-only"
for example in "$2"/*.attn; do
    file="$4/$(basename "$example" .attn)"
    "$1" build "$example" --emit=c -o "$file"
    python3 "$3/loops.py" "$1" "$file.c" "$example"
    gcc -std=c11 -march=x86-64-v4 $warnings "$file.c"
done
