/* Saying what went wrong, and keeping the mutant that did it. */
#include "fuzz.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

current_t current;

/* Of the sanitizers, where one is there. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

enum { LOOK_EVERY = 15, LOOKS = 8 }; /* seconds between looks; so many at one mutant are a hang */

/* Only what a signal handler may do. */
static void put(int file, const char *text) {
  size_t size = strlen(text);
  while (size > 0) {
    ssize_t written = write(file, text, size);
    if (written <= 0) return;
    text += written;
    size -= (size_t)written;
  }
}
static void put_number(char *out, uint64_t number) {
  char digits[24];
  size_t count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  out += strlen(out);
  while (count > 0) *out++ = digits[--count];
  *out = 0;
}

static void keep(void) {
  static bool kept;
  if (kept) return;
  kept = true;
  char path[1024] = "", line[400] = "seed ";
  put_number(line, current.seed);
  strcat(line, ", number ");
  put_number(line, current.number);
  if (current.folder && strlen(current.folder) < 800) {
    strcat(strcat(path, current.folder), "/");
  }
  strcat(strcat(path, "crash-"), current.target);
  strcat(path, "-");
  put_number(path, current.seed);
  strcat(path, "-");
  put_number(path, current.number);
  strcat(path, current.suffix);
  put(2, "fuzz: ");
  put(2, line);
  if (current.bytes) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    size_t done = 0;
    while (file >= 0 && done < current.bytes->size) {
      ssize_t written = write(file, current.bytes->data + done, current.bytes->size - done);
      if (written <= 0) break;
      done += (size_t)written;
    }
    if (file >= 0) close(file);
    put(2, "; kept in ");
    put(2, path);
    put(2, "; again: ./dev fuzz ");
    put(2, current.target);
    put(2, " ");
    put(2, path);
  }
  put(2, "\n");
}

static void crashed(int signal_number) {
  put(2, "fuzz: a crash (signal ");
  char number[24] = "";
  put_number(number, (uint64_t)signal_number);
  put(2, number);
  put(2, ")\n");
  keep();
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

static void looked(int signal_number) {
  static uint64_t last;
  static int looks;
  (void)signal_number;
  if (last != current.number) looks = 0;
  last = current.number;
  if (++looks < LOOKS) return;
  put(2, "fuzz: a mutant does not end\n");
  keep();
  _exit(1);
}

void report_begin(void) {
  static uint8_t stack[64 << 10];
  sigaltstack(&(stack_t) {.ss_sp = stack, .ss_size = sizeof stack}, NULL);
  static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
  bool sanitizer = __sanitizer_set_death_callback != NULL;
  if (sanitizer) __sanitizer_set_death_callback(keep);
  for (size_t i = 0; i < WH_COUNT(signals); i++) {
    struct sigaction action = {.sa_handler = crashed, .sa_flags = SA_ONSTACK};
    if (!sanitizer || signals[i] == SIGABRT) sigaction(signals[i], &action, NULL);
  }
  struct sigaction action = {.sa_handler = looked, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL,
            &(struct itimerval) {.it_interval = {.tv_sec = LOOK_EVERY},
                                 .it_value = {.tv_sec = LOOK_EVERY}},
            NULL);
}

void report_failure(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "fuzz: %s: ", current.target);
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n");
  va_end(arguments);
  keep();
  _exit(1);
}
