// cmd_fmt.c: attnc fmt.
#include "driver.h"
#include "files.h"
#include <errno.h>
#include <string.h>

int cmd_fmt(arena *a, const options *o, compilation *c)
{
    *c = (compilation){.arena = a, .source = {.name = o->file, .text = ""}};
    c->diags = diag_sink_create(a, &c->source);
    int failed = source_read(a, o->file, &c->source);
    if (failed) {
        diag_report(c->diags, DIAG_file_read, (span){0, 0}, NULL, "%s", strerror(failed));
        return EXIT_FILE;
    }
    c->module_ast = frontend_parse(a, &c->source, c->diags);
    if (diag_errors(c->diags))
        return EXIT_SOURCE;
    const char *text = frontend_format(a, c->module_ast);
    if (o->in_place && strcmp(text, c->source.text) == 0)
        return EXIT_DONE;
    file_write(a, c->diags, o->in_place ? o->file : "-", text, strlen(text));
    return driver_status(c->diags);
}
