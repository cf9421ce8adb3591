/* unload LIBRARY: once it is unloaded, nothing of the library is left: no code, file, mapping or descriptor,
 * and a fork calls no handler that is not there any more. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "loaded.h"

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

/* The lines of the process's memory map that contain a text. */
static int mapped(const char *text)
{
    char line[4352];
    int count = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    if (maps == NULL)
        return -1;
    while (fgets(line, sizeof line, maps) != NULL)
        count += strstr(line, text) != NULL;
    fclose(maps);
    return count;
}

static int descriptors(void)
{
    int count = 0;
    DIR *all = opendir("/proc/self/fd");
    if (all == NULL)
        return -1;
    while (readdir(all) != NULL)
        count++;
    closedir(all);
    return count;
}

static bool child(const loaded *lib)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(lib == NULL || loaded_use(lib) ? 0 : 1);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Loads, uses and unloads it; with a fork in between, or not. */
static int once(const char *path, bool forks)
{
    int before = descriptors();
    loaded lib = loaded_from(path);
    bio_stream *streams[3];
    for (int i = 0; i < 3; i++) {
        streams[i] = loaded_stream(&lib, 'a');
        if (streams[i] == NULL || !loaded_overwrite(&lib, streams[i], 'a', 'b'))
            return 3;
    }
    if (forks && !child(&lib))
        return 4;
    for (int i = 0; i < 3; i++)
        lib.release(streams[i]);
    if (!loaded_use(&lib))
        return 3;
    if (mapped("memfd:bytesio") == 0)
        printf("nothing was kept for reuse\n");
    if (dlclose(lib.handle) != 0)
        return 5;
    printf("code %d, files %d, descriptors %+d\n", mapped("libbytesio"), mapped("memfd:bytesio"),
           descriptors() - before);
    if (mapped("libbytesio") != 0 || mapped("memfd:bytesio") != 0 || descriptors() != before)
        return 6;
    return child(NULL) ? 0 : 7;
}

int main(int argc, char **argv)
{
    int result = argc == 2 ? 0 : 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    alarm(60);
    for (int round = 0; round < 4 && result == 0; round++)
        result = once(argv[1], round % 2 == 1);
    return result;
}
