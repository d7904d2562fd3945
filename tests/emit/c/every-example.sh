# every-example.sh ATTNC EXAMPLES TEST DIRECTORY: the C source of every example has the loops of its modules and compiles
# without a warning; gcc takes it as C11, clang as C++17.
set -e
warnings="-Wall -Wextra -Werror -fsyntax-only"
for example in "$2"/*.attn; do
    file="$4/$(basename "$example" .attn)"
    "$1" build "$example" --emit=c -o "$file"
    python3 "$3/loops.py" "$1" "$file.c" "$example"
    for flags in "" -march=x86-64-v3 -march=x86-64-v4; do
        gcc -std=c11 $flags $warnings "$file.c"
        clang-22 -x c++ -std=c++17 $flags $warnings "$file.c"
    done
done
