# every-example.sh ATTNC EXAMPLES TEST DIRECTORY: the C source of every example has the loops of its modules, and gcc and
# clang take it as C11 and as C++17 without a warning, each path by one of them at least. causal.test has the rest of the
# matrix for one example, and the warnings that only come when code is optimised.
set -e
warnings="-Wall -Wextra -Werror -fsyntax-only"
for example in "$2"/*.attn; do
    file="$4/$(basename "$example" .attn)"
    "$1" build "$example" --emit=c -o "$file"
    python3 "$3/loops.py" "$1" "$file.c" "$example"
    gcc -std=c11 -march=x86-64-v4 $warnings "$file.c"
    gcc -x c++ -std=c++17 -march=x86-64-v3 $warnings "$file.c"
    command -v clang-22 > /dev/null || continue
    clang-22 -std=c11 $warnings "$file.c"
    clang-22 -x c++ -std=c++17 -march=x86-64-v4 $warnings "$file.c"
done
