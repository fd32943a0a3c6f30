#include "tools/hark/output_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace hark::cli {

OutputFile::~OutputFile() {
  if (descriptor_ > STDERR_FILENO) close(descriptor_);
  if (!part_.empty()) unlink(part_.c_str());
}

bool OutputFile::Failed(const char* what) {
  error_ = what + (": " + (path_ == "-" ? "standard output" : path_) + ": ") + std::strerror(errno);
  return false;
}

bool OutputFile::Open() {
  if (path_ == "-") {
    descriptor_ = STDOUT_FILENO;
    return true;
  }
  if (access(path_.c_str(), F_OK) == 0) {
    taken_ = true;
    errno = EEXIST;
    return Failed("cannot write");
  }
  const std::string part = path_ + ".part";
  unlink(part.c_str());
  descriptor_ = open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor_ < 0) return Failed("cannot write");
  part_ = part;
  return true;
}

bool OutputFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("cannot write");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool OutputFile::Close() {
  if (part_.empty()) return true;
  if (fsync(descriptor_) != 0) return Failed("cannot write");
  // Unlike rename(), never in the place of something that came meanwhile.
  if (link(part_.c_str(), path_.c_str()) != 0) return Failed("cannot write");
  const auto slash = path_.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  const int opened = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened >= 0) {
    fsync(opened);
    close(opened);
  }
  return true;
}

}  // namespace hark::cli
