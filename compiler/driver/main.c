// main.c: attnc as a program; the only file that exits.
#include "driver.h"

int main(int argc, char **argv)
{
    return attnc_main(argc, argv);
}
