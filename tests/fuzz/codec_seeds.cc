// Writes the seeds of codec_fuzz into a folder: each frame of the tests in both encodings.

#include <cstddef>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "tests/unit/transport/wire_samples.h"

int main(int argc, char** argv) {
  using hark::transport::Encoding;
  if (argc != 2) {
    std::cerr << "usage: codec_seeds FOLDER\n";
    return 2;
  }
  std::vector<hark::sync::v1::ServerFrame> samples = hark::transport::AllSamples();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    std::string stem = std::string(argv[1]) + "/frame-" + std::to_string(i);
    std::ofstream(stem + ".bin", std::ios::binary)
        << 'P' << hark::transport::ToBytes(samples[i], Encoding::kProto);
    std::ofstream(stem + ".json", std::ios::binary)
        << 'J' << hark::transport::ToBytes(samples[i], Encoding::kJson);
  }
  return 0;
}
