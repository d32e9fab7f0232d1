// Nothing, in C++: what the dynamic linker and libstdc++ take.

int main() {}
