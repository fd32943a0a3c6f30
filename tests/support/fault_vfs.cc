#include "tests/support/fault_vfs.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace hark::fault {
namespace {

namespace fs = std::filesystem;

int UsualCode(Operation operation) {
  switch (operation) {
    case Operation::kOpen: return SQLITE_CANTOPEN;
    case Operation::kRead: return SQLITE_IOERR_READ;
    case Operation::kWrite: return SQLITE_IOERR_WRITE;
    case Operation::kTruncate: return SQLITE_IOERR_TRUNCATE;
    case Operation::kSync: return SQLITE_IOERR_FSYNC;
    case Operation::kDelete: return SQLITE_IOERR_DELETE;
    case Operation::kLook: return SQLITE_IOERR_FSTAT;
  }
  return SQLITE_IOERR;
}

bool EndsWith(std::string_view path, std::string_view end) {
  return path.size() >= end.size() && path.substr(path.size() - end.size()) == end;
}

}  // namespace

// SQLite allocates it; the real file follows.
struct FaultVfs::File {
  sqlite3_file base;
  FaultVfs* vfs;
  std::shared_ptr<Disk> disk;
  std::string path;
  bool sync_failed;

  [[nodiscard]] sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  static File& Of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  static sqlite3_file* Real(sqlite3_file* file) { return Of(file).real(); }
};

struct FaultVfs::Methods {
  static FaultVfs& Of(sqlite3_vfs* vfs) { return *static_cast<FaultVfs*>(vfs->pAppData); }

  static int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
                  int* out_flags) {
    return Of(vfs).Open(name, file, flags, out_flags);
  }
  static int Delete(sqlite3_vfs* vfs, const char* name, int sync_folder) {
    return Of(vfs).Delete(name, sync_folder);
  }
  static int Access(sqlite3_vfs* vfs, const char* name, int flags, int* out) {
    FaultVfs& self = Of(vfs);
    {
      const std::lock_guard lock(self.mutex_);
      if (self.Begin(Operation::kLook, name) != SQLITE_OK) return SQLITE_IOERR_ACCESS;
    }
    return self.real_->xAccess(self.real_, name, flags, out);
  }
  static int FullPathname(sqlite3_vfs* vfs, const char* name, int size, char* out) {
    return Of(vfs).real_->xFullPathname(Of(vfs).real_, name, size, out);
  }
  static int Randomness(sqlite3_vfs* vfs, int size, char* out) {
    return Of(vfs).real_->xRandomness(Of(vfs).real_, size, out);
  }
  static int Sleep(sqlite3_vfs* vfs, int microseconds) {
    Of(vfs).slept_ += static_cast<std::uint64_t>(microseconds);
    if (Of(vfs).skips_sleeps_) return microseconds;
    return Of(vfs).real_->xSleep(Of(vfs).real_, microseconds);
  }
  static int CurrentTime(sqlite3_vfs* vfs, double* out) {
    return Of(vfs).real_->xCurrentTime(Of(vfs).real_, out);
  }
  static int CurrentTimeInt64(sqlite3_vfs* vfs, sqlite3_int64* out) {
    return Of(vfs).real_->xCurrentTimeInt64(Of(vfs).real_, out);
  }
  static int GetLastError(sqlite3_vfs* vfs, int size, char* out) {
    return Of(vfs).real_->xGetLastError(Of(vfs).real_, size, out);
  }

  static int Close(sqlite3_file* file) {
    File& self = File::Of(file);
    const int code = self.real()->pMethods->xClose(self.real());
    {
      const std::lock_guard lock(self.vfs->mutex_);
      auto& disks = self.vfs->disks_;
      // Of two owners, one is the list and the other this file.
      if (self.disk.use_count() == 2 && self.disk->log.empty() && !self.disk->name_unsynced) {
        std::erase(disks, self.disk);
      }
    }
    self.~File();
    return code;
  }
  static int Read(sqlite3_file* file, void* out, int length, sqlite3_int64 offset) {
    File& self = File::Of(file);
    {
      const std::lock_guard lock(self.vfs->mutex_);
      const int code = self.vfs->Begin(Operation::kRead, self.path);
      if (code != SQLITE_OK) return code;
    }
    return self.real()->pMethods->xRead(self.real(), out, length, offset);
  }
  static int Write(sqlite3_file* file, const void* bytes, int length, sqlite3_int64 offset) {
    return File::Of(file).vfs->Write(File::Of(file), bytes, length, offset);
  }
  static int Truncate(sqlite3_file* file, sqlite3_int64 size) {
    return File::Of(file).vfs->Truncate(File::Of(file), size);
  }
  static int Sync(sqlite3_file* file, int) { return File::Of(file).vfs->Sync(File::Of(file)); }
  static int FileSize(sqlite3_file* file, sqlite3_int64* out) {
    File& self = File::Of(file);
    {
      const std::lock_guard lock(self.vfs->mutex_);
      const int code = self.vfs->Begin(Operation::kLook, self.path);
      if (code != SQLITE_OK) return code;
    }
    return self.real()->pMethods->xFileSize(self.real(), out);
  }
  static int Lock(sqlite3_file* file, int kind) {
    return File::Real(file)->pMethods->xLock(File::Real(file), kind);
  }
  static int Unlock(sqlite3_file* file, int kind) {
    return File::Real(file)->pMethods->xUnlock(File::Real(file), kind);
  }
  static int CheckReservedLock(sqlite3_file* file, int* out) {
    return File::Real(file)->pMethods->xCheckReservedLock(File::Real(file), out);
  }
  static int FileControl(sqlite3_file* file, int operation, void* argument) {
    return File::Real(file)->pMethods->xFileControl(File::Real(file), operation, argument);
  }
  static int SectorSize(sqlite3_file* file) {
    return File::Real(file)->pMethods->xSectorSize(File::Real(file));
  }
  static int DeviceCharacteristics(sqlite3_file* file) {
    return File::Real(file)->pMethods->xDeviceCharacteristics(File::Real(file));
  }
  static int ShmMap(sqlite3_file* file, int page, int size, int extend, volatile void** out) {
    return File::Real(file)->pMethods->xShmMap(File::Real(file), page, size, extend, out);
  }
  static int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
    return File::Real(file)->pMethods->xShmLock(File::Real(file), offset, count, flags);
  }
  static void ShmBarrier(sqlite3_file* file) {
    File::Real(file)->pMethods->xShmBarrier(File::Real(file));
  }
  static int ShmUnmap(sqlite3_file* file, int remove) {
    return File::Real(file)->pMethods->xShmUnmap(File::Real(file), remove);
  }

  // Version 2: with shared memory, without mapped reads, which would pass by this VFS.
  static constexpr sqlite3_io_methods kMethods = {
      2,
      Close,
      Read,
      Write,
      Truncate,
      Sync,
      FileSize,
      Lock,
      Unlock,
      CheckReservedLock,
      FileControl,
      SectorSize,
      DeviceCharacteristics,
      ShmMap,
      ShmLock,
      ShmBarrier,
      ShmUnmap,
      nullptr,
      nullptr,
  };
};

FaultVfs::FaultVfs() : real_(sqlite3_vfs_find(nullptr)) {
  vfs_ = *real_;  // What is not replaced below belongs to the process, not to a file.
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  vfs_.pNext = nullptr;
  vfs_.zName = "hark-fault";
  vfs_.pAppData = this;
  vfs_.xOpen = Methods::Open;
  vfs_.xDelete = Methods::Delete;
  vfs_.xAccess = Methods::Access;
  vfs_.xFullPathname = Methods::FullPathname;
  vfs_.xRandomness = Methods::Randomness;
  vfs_.xSleep = Methods::Sleep;
  vfs_.xCurrentTime = Methods::CurrentTime;
  vfs_.xCurrentTimeInt64 = Methods::CurrentTimeInt64;
  vfs_.xGetLastError = Methods::GetLastError;
  if (sqlite3_vfs_find(vfs_.zName) != nullptr) std::abort();  // One at a time.
  sqlite3_vfs_register(&vfs_, 1);
}

FaultVfs::~FaultVfs() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(real_, 1);
}

int FaultVfs::Begin(Operation operation, const std::string& path) {
  ++counts_.done[static_cast<std::size_t>(operation)];
  if (until_off_ > 0) {
    --until_off_;
    off_ = off_ || until_off_ == 0;
  }
  int code = off_ ? UsualCode(operation) : SQLITE_OK;
  for (auto fault = faults_.begin(); code == SQLITE_OK && fault != faults_.end(); ++fault) {
    if (fault->operation.value_or(operation) != operation) continue;
    if (!EndsWith(path, fault->file)) continue;
    if (fault->after > 0) {
      --fault->after;
      continue;
    }
    code = fault->code != 0 ? fault->code : UsualCode(operation);
    if (!fault->lasting) {
      faults_.erase(fault);
      break;
    }
  }
  if (code != SQLITE_OK) ++counts_.failed;
  return code;
}

std::shared_ptr<FaultVfs::Disk> FaultVfs::DiskOf(const std::string& path, bool is_new) {
  struct stat found = {};
  if (::stat(path.c_str(), &found) != 0) std::abort();
  for (const auto& disk : disks_) {
    if (disk->device == found.st_dev && disk->inode == found.st_ino) {
      disk->path = path;
      return disk;
    }
  }
  auto disk = std::make_shared<Disk>();
  disk->path = path;
  disk->device = found.st_dev;
  disk->inode = found.st_ino;
  disk->name_unsynced = is_new && (EndsWith(path, "-wal") || EndsWith(path, "-journal"));
  disks_.push_back(disk);
  return disk;
}

int FaultVfs::Open(const char* name, sqlite3_file* out, int flags, int* out_flags) {
  out->pMethods = nullptr;
  const std::lock_guard lock(mutex_);
  const std::string path = name != nullptr ? name : "";
  int code = Begin(Operation::kOpen, path);
  if (code != SQLITE_OK) return code;
  const bool is_new = name != nullptr && ::access(name, F_OK) != 0;
  auto* file = new (out) File{};
  file->vfs = this;
  file->path = path;
  file->real()->pMethods = nullptr;
  code = real_->xOpen(real_, name, file->real(), flags, out_flags);
  if (code != SQLITE_OK || file->real()->pMethods == nullptr) {
    file->~File();
    out->pMethods = nullptr;
    return code;
  }
  // A temporary file without a name dies with the power.
  file->disk = name != nullptr ? DiskOf(path, is_new) : std::make_shared<Disk>();
  out->pMethods = &Methods::kMethods;
  return SQLITE_OK;
}

int FaultVfs::Delete(const char* name, int sync_folder) {
  const std::lock_guard lock(mutex_);
  const int code = Begin(Operation::kDelete, name);
  if (code != SQLITE_OK) return code;
  struct stat found = {};
  if (::stat(name, &found) == 0) {
    std::erase_if(disks_, [&found](const auto& disk) {
      return disk->device == found.st_dev && disk->inode == found.st_ino;
    });
  }
  return real_->xDelete(real_, name, sync_folder);
}

int FaultVfs::Write(File& file, const void* bytes, int length, sqlite3_int64 offset) {
  const std::lock_guard lock(mutex_);
  int code = Begin(Operation::kWrite, file.path);
  if (code != SQLITE_OK) return code;
  if (space_) {
    if (*space_ < static_cast<std::uint64_t>(length)) {
      length = static_cast<int>(*space_);
      code = SQLITE_FULL;
      ++counts_.failed;
    }
    *space_ -= static_cast<std::uint64_t>(length);
  }
  if (length == 0) return code;
  const sqlite3_io_methods& real = *file.real()->pMethods;
  sqlite3_int64 size = 0;
  if (const int failed = real.xFileSize(file.real(), &size); failed != SQLITE_OK) return failed;
  std::string before(static_cast<std::size_t>(std::clamp<sqlite3_int64>(size - offset, 0, length)),
                     '\0');
  if (!before.empty()) {
    const int failed =
        real.xRead(file.real(), before.data(), static_cast<int>(before.size()), offset);
    if (failed != SQLITE_OK) return failed;
  }
  file.disk->log.AddWrite(offset, length, size, std::move(before));
  const int written = real.xWrite(file.real(), bytes, length, offset);
  return written != SQLITE_OK ? written : code;
}

int FaultVfs::Truncate(File& file, sqlite3_int64 new_size) {
  const std::lock_guard lock(mutex_);
  const int code = Begin(Operation::kTruncate, file.path);
  if (code != SQLITE_OK) return code;
  const sqlite3_io_methods& real = *file.real()->pMethods;
  sqlite3_int64 size = 0;
  if (const int failed = real.xFileSize(file.real(), &size); failed != SQLITE_OK) return failed;
  std::string cut(static_cast<std::size_t>(std::max<sqlite3_int64>(size - new_size, 0)), '\0');
  if (!cut.empty()) {
    const int failed = real.xRead(file.real(), cut.data(), static_cast<int>(cut.size()), new_size);
    if (failed != SQLITE_OK) return failed;
  }
  file.disk->log.AddTruncate(size, new_size, std::move(cut));
  return real.xTruncate(file.real(), new_size);
}

int FaultVfs::Sync(File& file) {
  const std::lock_guard lock(mutex_);
  if (file.sync_failed) ++counts_.retried_syncs;
  const int code = Begin(Operation::kSync, file.path);
  if (code != SQLITE_OK) {
    // Without power nothing is asked of the disk: what was written is as it was.
    if (!off_) {
      file.sync_failed = true;
      file.disk->log.SyncFailed();
    }
    return code;
  }
  for (const std::string& end : ignored_syncs_) {
    if (EndsWith(file.path, end)) return SQLITE_OK;
  }
  ++syncs_[file.path];
  file.disk->log.Synced();
  file.disk->name_unsynced = false;
  return SQLITE_OK;
}

void FaultVfs::PowerOffAt(std::uint64_t n) {
  const std::lock_guard lock(mutex_);
  if (n <= 1) {
    off_ = true;
  } else {
    until_off_ = n;
  }
}

bool FaultVfs::is_off() const {
  const std::lock_guard lock(mutex_);
  return off_;
}

void FaultVfs::LosePower(std::mt19937_64& random, Loss loss) {
  const std::lock_guard lock(mutex_);
  for (const auto& disk : disks_) {
    // It may have been renamed meanwhile, within its folder.
    std::string path;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(fs::path(disk->path).parent_path(), error)) {
      struct stat found = {};
      if (::lstat(entry.path().c_str(), &found) == 0 && found.st_dev == disk->device &&
          found.st_ino == disk->inode) {
        path = entry.path();
      }
    }
    if (path.empty()) continue;  // Deleted.
    if (disk->name_unsynced && random() % 4 == 0) {
      ::unlink(path.c_str());
    } else {
      disk->log.LosePower(path, loss, random);
    }
  }
  disks_.clear();
}

void FaultVfs::PowerOn() {
  const std::lock_guard lock(mutex_);
  off_ = false;
  until_off_ = 0;
}

void FaultVfs::Forget() {
  const std::lock_guard lock(mutex_);
  disks_.clear();
}

void FaultVfs::Add(Fault fault) {
  const std::lock_guard lock(mutex_);
  faults_.push_back(std::move(fault));
}

void FaultVfs::ClearFaults() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
}

void FaultVfs::SetSpace(std::optional<std::uint64_t> bytes) {
  const std::lock_guard lock(mutex_);
  space_ = bytes;
}

void FaultVfs::IgnoreSyncs(std::string file) {
  const std::lock_guard lock(mutex_);
  ignored_syncs_.push_back(std::move(file));
}

Counts FaultVfs::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::uint64_t FaultVfs::SyncsOf(const std::string& file) const {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& [path, count] : syncs_) {
    if (EndsWith(path, file)) sum += count;
  }
  return sum;
}

void FaultVfs::ResetCounts() {
  const std::lock_guard lock(mutex_);
  counts_ = Counts();
  syncs_.clear();
}

}  // namespace hark::fault
